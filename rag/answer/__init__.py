"""From passages to a cited answer: prompt, decision, sentences, attribution and support."""

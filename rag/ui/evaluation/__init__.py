"""The evaluation tab: runs, their figures and questions, two of them compared, and new test questions."""

"""Files that are not Markdown to pages: notebooks, canvases, plain text, and what the document readers extract."""

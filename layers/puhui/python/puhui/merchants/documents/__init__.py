"""Files that members upload: an application's documents, and pictures."""

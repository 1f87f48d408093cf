"""Members' appeals against decisions about their acts."""

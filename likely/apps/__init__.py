"""Short functions over promises: compare families, measure anybody's samples."""

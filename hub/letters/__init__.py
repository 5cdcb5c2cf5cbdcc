"""Letters on paper and on screen: the same letter as a page and as a PDF."""

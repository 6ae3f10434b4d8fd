"""Files with entries and articles: read and checked as a whole, then written."""

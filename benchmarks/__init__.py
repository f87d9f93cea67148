"""`make bench`: how long the product takes, how many requests it makes, beside floors measured in the same run."""

"""`make bench`: measure how long runs take and how many requests they send, next to floors from the same run."""

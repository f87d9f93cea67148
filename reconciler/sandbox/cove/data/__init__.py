"""What the backup console holds: partners, devices, and the bytes they use at any hour.

Owns: the customers of a seed, and every change of them.
Does not own: the API that shows them.
Always true: nothing here reads a clock. The same seed and the same hour give the same bytes.
"""

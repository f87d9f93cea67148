"""The data of the backup console: partners, devices, and the bytes that they use at any hour.

Owns: the customers of a seed, and every change of them.
Does not own: the API that shows them.
Always true: nothing here reads a clock. The same seed and the same hour give the same bytes.
"""

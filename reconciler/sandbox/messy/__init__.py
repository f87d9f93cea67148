"""The population `messy`: a console and a ConnectWise tenant that people have worked in for years.

Owns: made-up firms, the damages of their names, the objects of both sides, and the truth of who is who.
Does not own: rules. Every object is written by the tenant's own checked writes, at the time of its entry.
Always true: the same seed, number of customers and time make the same estate, and the truth agrees with its objects.
"""

"""What every client of the product shares: addresses, secrets kept out of messages, waiting, the server's clock.

This room knows no API. It holds values and pure functions only: a client does the sending. What is always true here:
no function puts an address or a secret that it was given into an error message.
"""

"""Training of the skintree model packs.

Each module makes one thing; ``__main__`` strings them together, one command a step.  Arrays follow two conventions
throughout: photos are ``uint8 [H, W, 3]`` in RGB order, tensors for the network ``float32 [N, 3, S, S]`` (NCHW).
"""

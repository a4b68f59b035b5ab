"""Examples to train on: chats with their evidence, split by document, checked for leaks."""

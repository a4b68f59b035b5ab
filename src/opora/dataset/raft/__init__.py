"""RAFT: chats over gold passages among distractors."""

"""Training of LoRA adapters of language models."""

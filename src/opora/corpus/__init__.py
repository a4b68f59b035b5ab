"""Any document becomes clean passages, or a stated reason why not."""

"""Tables without rulings, or with few: lines whose pieces stand in the same columns."""

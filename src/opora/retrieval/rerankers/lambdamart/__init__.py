"""LambdaMART reranker: features and trees."""

"""Settings of one training, whatever is trained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.reranker.settings import RerankerSettings
from opora.train.settings import TrainSettings

AnyTrainSettings = Annotated[TrainSettings | EmbedderTrainSettings | RerankerSettings, Field(discriminator="method")]
"""Settings of one training, told apart by their method; `sft` where none is named."""

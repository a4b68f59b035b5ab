"""Settings of one training, whatever is trained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from opora.train.objectives.dpo import DpoSettings
from opora.train.objectives.sft import SftSettings
from opora.train.objectives.simpo import SimpoSettings
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.reranker.settings import RerankerSettings

AnyTrainSettings = Annotated[
    SftSettings | SimpoSettings | DpoSettings | EmbedderTrainSettings | RerankerSettings, Field(discriminator="method")
]
"""Settings of one training, told apart by their method; `sft` where none is named."""

"""Where things lie: the repository, the data (never committed) and the cache for intermediate results."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
TRAIN = REPO / "model" / "train"
PACK = REPO / "model" / "pack"
GOLDEN = REPO / "tests" / "golden"
EVALUATION = REPO / "model" / "evaluation.json"
CROSS_VALIDATION = REPO / "model" / "cross-validation.json"
ORDINARY = REPO / "model" / "ordinary-photos.json"
COARSE_HEADS = REPO / "model" / "coarse-heads.json"
CARD = REPO / "model" / "CARD.md"
SOURCE = REPO / "model" / "source"
FOLDS = TRAIN / "folds.csv"

DATA = Path(os.environ.get("SKINTREE_DATA", REPO.parent / "shared" / "data"))
HAM = DATA / "ham10000"
ISIC2017 = DATA / "isic2017"
PADUFES20 = DATA / "padufes20"

CACHE = Path(os.environ.get("SKINTREE_CACHE", Path.home() / ".cache" / "skintree"))
BACKBONE = CACHE / "backbone.pt"
FEATURES = CACHE / "features.npz"
HEAD = CACHE / "head.pt"
CHECKPOINTS = CACHE / "train"
CANDIDATE = CACHE / "candidate.pt"

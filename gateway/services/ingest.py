"""STOW-RS (PS3.18 §10.5): what enters the archive goes through the second pass, one way, for everyone.

    body → each part staged in the workspace → closing delimiter seen → for each instance:
    header judged → pixels judged → second pass → residual search → JPEG → archive → outcome

Nothing is stored before the body has ended as it must, and an instance is stored whole or not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.deid.engine import Engine
from gateway.deid.residual import Identifiers
from gateway.deid.scope import Scope
from gateway.dicom.dataset import IdentifiedDataset, first_text
from gateway.dicom.part10 import read_header
from gateway.dicom.uid import UID, InstanceRef, is_uid
from gateway.dicomweb.multipart import PartBegin, PartData, PartDecoder, PartEnd
from gateway.dicomweb.stow import FailureReason, Outcome
from gateway.errors import BadRequest, GatewayError, Reason, StorageError, TooLarge, Withheld
from gateway.pixels.verdict import Rules, Verdict, judge
from gateway.services.render import preview
from gateway.services.workers import Workers
from gateway.store.archive import Archive, PutResult
from gateway.store.workspace import StagedFile, Workspace

log = logging.getLogger(__name__)

CONCURRENCY = 4
"""Instances in the second pass at once: decoding their JPEGs is what takes the time."""
MAX_PARTS = 20_000
"""Most instances of one request; a larger study is sent in several."""

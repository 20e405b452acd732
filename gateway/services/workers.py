"""Worker processes for pixels: off the event loop, with limits, and a codec that crashes takes no server with it."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from gateway.errors import GatewayError, Reason, Withheld

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

MEMORY_BYTES = 6 * 2**30
"""Address space of one worker: above the largest decoded frame the pixels layer allows, with its copies."""
SECONDS = 120.0
"""Longest time for one job, in seconds; the slowest honest one, a 300-frame GIF, takes a tenth of it."""


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Workers:
    """A pool that is made when first used and made anew when a job crashed or hung it."""

    def __init__(self, processes: int | None = None, *, seconds: float = SECONDS) -> None:
        """Prepare for `processes` workers (all cores when None), each job bounded to `seconds`."""
        self._processes = processes or os.cpu_count() or 1
        self._seconds = seconds
        self._pool: ProcessPoolExecutor | None = None
        self._slots = asyncio.Semaphore(self._processes * 2)

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a picklable top-level function in a worker.

        A crash may be a neighbour's: such a job is tried once more before it is blamed.

        Raises:
            Withheld: PIXELS_UNDECODABLE when the job crashed the worker or took too long; or what it raised.
        """
        async with self._slots:
            for _ in range(2):
                pool = self._pool = self._pool or self._fresh()
                try:
                    future = pool.submit(_call, job, args, kwargs)
                    return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
                except BrokenProcessPool:
                    self._discard(pool)
                except TimeoutError:
                    self._discard(pool)
                    raise Withheld(Reason.PIXELS_UNDECODABLE, "decoding took too long") from None
                except MemoryError:
                    raise Withheld(Reason.PIXELS_UNDECODABLE, "decoding needs too much memory") from None
        raise Withheld(Reason.PIXELS_UNDECODABLE, "the codec crashed on it")

    async def warm(self) -> None:
        """Start the workers, so that the first image does not wait for their imports."""
        await asyncio.gather(*(self.run(os.getpid) for _ in range(self._processes)))

    def _fresh(self) -> ProcessPoolExecutor:
        # forkserver: a child must not inherit the server's sockets, threads and event loop.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["gateway.services.preview", "gateway.pixels.transcode"])
        return ProcessPoolExecutor(self._processes, mp_context=context, initializer=_limit)

    def _discard(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        log.warning("the pixel workers are started anew")
        for process in list((pool._processes or {}).values()):  # the executor offers no public way to end a hung job
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the workers, also those that are still starting: uvicorn ends by a signal, and nobody else would."""
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):
                process.kill()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _call(job: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    """Run the job; nothing but our own errors crosses back, since a codec's message may quote its input."""
    try:
        return job(*args, **kwargs)
    except (GatewayError, MemoryError):
        raise
    except Exception as error:
        raise Withheld(Reason.PIXELS_UNDECODABLE, f"the decoder failed with {type(error).__name__}") from None

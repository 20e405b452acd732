"""Rendered images and thumbnails (PS3.18 §10.4.1.1.3, §10.4.1.1.4): decoded and drawn in a worker process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from gateway.dicom.dataset import first_text
from gateway.dicom.uid import FrameRef, InstanceRef, ResourceRef, SeriesRef, StudyRef, reference
from gateway.dicomweb.query import Level, Query
from gateway.errors import NotFound, OriginBroken, Reason, TooLarge, Withheld
from gateway.pixels.picture import GIF, Output, picture
from gateway.pixels.render import RenderOptions
from gateway.pixels.viewport import Viewport
from gateway.services.frames import Frames
from gateway.services.library import Library
from gateway.streams import closing

MAX_ANIMATION_BYTES = 1 << 30
"""Frames of one animation as they go to the worker; a longer cine is asked for frame by frame."""


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A rendered image file of one instance, without any metadata in it."""

    ref: InstanceRef
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Pictures:
    """The pictures of a set on their way, and the ones that are left out."""

    pictures: AsyncIterator[Picture]
    withheld: Mapping[str, Reason]
    """SOP Instance UID to reason."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders what a library holds."""

    frames: Frames

    async def frame(self, library: Library, ref: FrameRef, output: Output, options: RenderOptions) -> Picture:
        """Render frames of one instance to one file: one frame, or several as an animation.

        Raises:
            NotFound: it has no such frames. Withheld, BadRequest, NotAcceptable, OriginError.
        """
        frames: list[tuple[int, bytes]] = []
        size = 0
        syntax = None
        async with closing(self.frames.stored(library, ref)) as stored:
            async for frame in stored:
                syntax = frame.transfer_syntax
                size += len(frame.data.data)
                if size > MAX_ANIMATION_BYTES:
                    raise TooLarge("This cine is too large for one animation. Ask for its frames.")
                frames.append((frame.number, frame.data.data))
        if syntax is None:
            raise NotFound("The instance has no frames.")
        description = (await self.frames.facts.of(library, ref.instance)).description(syntax)
        data = await self.frames.workers.run(picture, frames, description, output, options=options)
        return Picture(ref.instance, output.media_type, data)

    async def instance(self, library: Library, ref: InstanceRef, output: Output, options: RenderOptions) -> Picture:
        """Render an instance: every frame when the type can move, else the one in the middle.

        Raises:
            NotFound: it has no pixels. Withheld, BadRequest, OriginError.
        """
        count = (await self.frames.facts.of(library, ref)).frames
        if count == 0:
            raise NotFound("The instance has no pixels to show.")
        numbers = tuple(range(1, count + 1)) if output.media_type == GIF else ((count + 1) // 2,)
        return await self.frame(library, FrameRef(ref, numbers), output, options)

    async def all(
        self, library: Library, ref: StudyRef | SeriesRef, output: Output, options: RenderOptions
    ) -> Pictures:
        """Render every instance of a study or series that has pixels.

        Those refused by their header are named. One whose pixels turn out to be undecodable ends the pictures
        with its refusal.

        Raises:
            NotFound: nothing in it has pixels. Withheld: all of it is. OriginError.
        """
        found, withheld = await self._with_pixels(library, ref)

        async def pictures() -> AsyncIterator[Picture]:
            for instance in found:
                yield await self.instance(library, instance, output, options)

        return Pictures(pictures(), withheld)

    async def thumbnail(
        self, library: Library, ref: ResourceRef | FrameRef, output: Output, viewport: Viewport
    ) -> Picture:
        """Render a small picture that stands for a frame, instance, series or study: of a set, the middle one.

        Raises:
            NotFound: nothing in it has pixels. Withheld, OriginError.
        """
        options = RenderOptions(viewport=viewport)
        if isinstance(ref, FrameRef):
            return await self.frame(library, ref, output, options)
        if isinstance(ref, InstanceRef):
            return await self.instance(library, ref, output, options)
        found, _ = await self._with_pixels(library, ref)
        return await self.instance(library, found[len(found) // 2], output, options)

    async def _with_pixels(
        self, library: Library, ref: StudyRef | SeriesRef
    ) -> tuple[list[InstanceRef], dict[str, Reason]]:
        """Return the instances that have rows of pixels after the pass, and the reasons of those that are withheld."""
        query = Query(
            Level.INSTANCE,
            study=ref.study,
            series=ref.series if isinstance(ref, SeriesRef) else None,
            include=(("00280010",), ("00280008",)),
        )
        known = await library.records.withheld_in(library.source, ref)
        found: list[InstanceRef] = []
        withheld: dict[str, Reason] = {}
        async with closing(library.origin.search(query)) as rows:
            async for row in rows:
                instance = reference(*(first_text(row.json, tag) for tag in ("0020000D", "0020000E", "00080018")))
                if not isinstance(instance, InstanceRef):
                    raise OriginBroken("The origin sent a row without the UIDs of its instance.")
                try:
                    if (reason := known.get(instance.instance)) is not None:
                        raise Withheld(reason)
                    passed = library.engine.dataset(row, row=True).json
                except Withheld as error:
                    withheld[instance.instance] = error.reason
                else:
                    if first_text(passed, "00280010"):
                        found.append(instance)
        if not found:
            if withheld:
                raise Withheld(next(iter(withheld.values())), "and so is all of this set that may have pixels")
            raise NotFound("Nothing here has pixels to show.")
        if isinstance(ref, StudyRef):
            found.sort(key=lambda instance: instance.series)
        return found, withheld

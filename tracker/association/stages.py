"""Association in stages, each solved by itself, as SORT, DeepSORT and ByteTrack do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from tracker.association import matching
from tracker.association.tracks import TrackTable

NEARBY = 0.7  # IoU cost up to which appearance may rank a pair


@dataclass(frozen=True)
class Stage:
    """One association of tracks that are still free with detections that are.

    states: which tracks take part. strength: "strong" detections (score from `Preset.strong` on), or the "weak" others.
    cost: "iou" (1 - IoU; ranked by appearance where there is some) or "deepsort" (gated motion and appearance).
    limit: the largest cost of a match. cascade: tracks seen more recently choose first (DeepSORT, listing 1).
    gate_last: assign first and apply the limit afterwards, as SORT does.
    """

    states: tuple[int, ...]
    strength: Literal["strong", "weak"] = "strong"
    cost: Literal["iou", "deepsort"] = "iou"
    limit: float = 0.7
    cascade: bool = False
    gate_last: bool = False


def associate_in_stages(
    stages: tuple[Stage, ...], table: TrackTable, detections: Detections, strong: Bools, alike: float
) -> tuple[Ints, Ints]:
    """Matching rows ``(K,)`` of the table and of the detections.

    strong: ``(M,)``, which detections are. alike: largest cosine distance that counts as alike.
    """
    free_tracks = np.ones(len(table), dtype=bool)
    free_detections = np.ones(len(detections), dtype=bool)
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for stage in stages:
        columns_of_stage = strong if stage.strength == "strong" else ~strong
        for level in _levels(stage, table):
            rows = np.flatnonzero(level & free_tracks)
            columns = np.flatnonzero(columns_of_stage & free_detections)
            solve = matching.assign_then_gate if stage.gate_last else matching.assign
            found = solve(_cost(stage, table, rows, detections, columns, alike), stage.limit)
            matched = np.stack([rows[found[:, 0]], columns[found[:, 1]]], axis=1)
            free_tracks[matched[:, 0]] = False
            free_detections[matched[:, 1]] = False
            pairs.append(matched)
    rows, columns = np.concatenate(pairs).T
    return rows, columns


def _levels(stage: Stage, table: TrackTable) -> list[Bools]:
    """The groups of tracks that choose one after the other."""
    taking_part = np.isin(table.state, stage.states)
    if not stage.cascade:
        return [taking_part]
    return [taking_part & (table.missed == age) for age in np.unique(table.missed[taking_part])]


def _cost(stage: Stage, table: TrackTable, rows: Ints, detections: Detections, columns: Ints, alike: float) -> Floats:
    """Cost ``(R, C)`` of pairing the tracks `rows` with the detections `columns`."""
    boxes, distance = detections.boxes[columns], None
    if table.appearance is not None and detections.embeddings is not None:
        distance = table.appearance.distances(rows, detections.embeddings[columns])
    if stage.cost == "deepsort":
        return matching.deepsort_cost(table.filter.gating_distance(rows, boxes), distance, alike)
    cost = matching.iou_cost(table.filter.boxes()[rows], boxes)
    cost += matching.class_cost(table.class_ids[rows], detections.class_ids[columns])
    if distance is not None and stage.strength == "strong":
        cost = matching.with_appearance(cost, distance, NEARBY, alike)
    return cost

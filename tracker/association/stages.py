"""Association in stages, each solved by itself, as SORT, DeepSORT and ByteTrack do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from tracker.association import matching
from tracker.association.track_table import TrackTable

MAX_IOU_COST = 0.7  # up to which appearance may rank a pair


@dataclass(frozen=True)
class Stage:
    """One association of tracks that are still free with detections that are.

    states: which tracks take part. scores: "high" for detections that reach `Preset.high_threshold`, "low" for others.
    cost: "iou" (1 - IoU; ranked by appearance where there is some) or "deepsort" (gated motion and appearance).
    max_cost: of a match. cascade: tracks seen more recently choose first (DeepSORT, listing 1). gate_last: assign first
    and reject costly matches afterwards, as SORT does.
    """

    states: tuple[int, ...]
    scores: Literal["high", "low"] = "high"
    cost: Literal["iou", "deepsort"] = "iou"
    max_cost: float = 0.7
    cascade: bool = False
    gate_last: bool = False


def associate_in_stages(
    stages: tuple[Stage, ...], table: TrackTable, detections: Detections, high_score: Bools, max_distance: float
) -> tuple[Ints, Ints]:
    """Matching rows ``(K,)`` of the table and of the detections.

    high_score: ``(M,)``, which detections are. max_distance: largest cosine distance of embeddings that may match.
    """
    free_tracks = np.ones(len(table), dtype=bool)
    free_detections = np.ones(len(detections), dtype=bool)
    pairs, state = [np.empty((0, 2), dtype=np.int64)], table.state
    for stage in stages:
        columns_of_stage = high_score if stage.scores == "high" else ~high_score
        for level in _levels(stage, state, table.missed):
            rows = np.flatnonzero(level & free_tracks)
            columns = np.flatnonzero(columns_of_stage & free_detections)
            solve = matching.assign_then_gate if stage.gate_last else matching.assign
            found = solve(_cost(stage, table, rows, detections, columns, max_distance), stage.max_cost)
            matched = np.stack([rows[found[:, 0]], columns[found[:, 1]]], axis=1)
            free_tracks[matched[:, 0]] = False
            free_detections[matched[:, 1]] = False
            pairs.append(matched)
    rows, columns = np.concatenate(pairs).T
    return rows, columns


def _levels(stage: Stage, state: Ints, missed: Ints) -> list[Bools]:
    """The groups of tracks that choose one after the other. state, missed: ``(N,)`` of all tracks."""
    taking_part = np.isin(state, stage.states)
    if not stage.cascade:
        return [taking_part]
    return [taking_part & (missed == age) for age in np.unique(missed[taking_part])]


def _cost(
    stage: Stage, table: TrackTable, rows: Ints, detections: Detections, columns: Ints, max_distance: float
) -> Floats:
    """Cost ``(R, C)`` of pairing the tracks `rows` with the detections `columns`."""
    boxes, memory, distance = detections.boxes[columns], table.appearance.memory, None
    if memory is not None and detections.embeddings is not None:
        distance = memory.distances(rows, detections.embeddings[columns])
    if stage.cost == "deepsort":
        return matching.deepsort_cost(table.filter.gating_distance(rows, boxes), distance, max_distance)
    cost = matching.iou_cost(table.filter.boxes()[rows], boxes)
    cost += matching.class_cost(table.class_ids[rows], detections.class_ids[columns])
    if distance is not None and stage.scores == "high":
        cost = matching.with_appearance(cost, distance, MAX_IOU_COST, max_distance)
    return cost

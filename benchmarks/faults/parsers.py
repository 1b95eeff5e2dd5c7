"""What is fuzzed: each parser, the seed that is damaged, how, and the command lines that read it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.faults.container_mutations import archive, arrays, database, network, picture, safetensors
from benchmarks.faults.mutations import Mutation, binary, text
from benchmarks.faults.seeds import PIECES, TRAINING
from benchmarks.faults.tree_mutations import json_lines, tree, xml

QUIET = "--quiet"
NO_EYES = "--appearance none --camera-motion none"
TRACK = f"in/seq --detections in/seq/det/det.txt -o none --mot out/m.txt {QUIET}"
ANNOTATE = "--format mot,cvat,coco --quiet"
STEP = " ".join(TRAINING)


@dataclass(frozen=True)
class Parser:
    """One parser.

    seed: function of seeds.py. inputs: of a run of full length. files: patterns below the case's folder, of which one
    file is damaged, each with how; empty where an argument of the command is. commands: command lines, one of which is
    run in the case's folder. {} in one is the damaged file. may_change: patterns of files that a case may replace.
    """

    name: str
    seed: str
    inputs: int
    files: tuple[tuple[str, Mutation], ...]
    commands: tuple[str, ...]
    program: str = "keeptrack"
    may_change: tuple[str, ...] = ()


def _conversions(file: str, *more: str) -> tuple[str, ...]:
    """Into each format, into an old file and a new one."""
    targets = (
        *("out/o.zip", "out/o.xml", "out/old.json --format coco --overwrite", "out/o.json --format labelstudio"),
        *("out/o --format yolo", "out/o --format fiftyone", "out/o --format mot", *more),
    )
    return tuple(f"convert {file} {target}" for target in targets)


BATCH = (
    *("out/batch/batch.sqlite*", "out/batch/report.html", "out/batch/.lock", "out/batch/a/*", "out/batch/b/done.json"),
    *("out/batch/b/summary*", "out/batch/.pieces/*"),
)
KNOWN = "--size 320x240 --fps 12.5"
MODEL = "in/a.mp4 --max-frames 2 -o none --mot out/m.txt --camera-motion none --quiet"

PARSERS = (
    Parser(
        "mot",
        "labelled",
        600,
        (("in/result.txt", text),),
        (
            f"convert {{}} out/old.json --format coco --overwrite {KNOWN}",
            f"convert {{}} out/o.xml --keyframes auto {KNOWN}",
            f"in/seq --detections {{}} -o none --mot out/m.txt --jsonl out/j.jsonl {QUIET}",
            f"in/seq --detections {{}} --rescale-scores -o none --mot out/m.txt --stats out/s.json {QUIET}",
            f"in/seq --detections {{}} --offline -o none --mot out/m.txt {QUIET}",
            f"in/seq --detections {{}} --tracker deepsort -o none --mot out/m.txt {QUIET}",
            "eval in/seq {} --json out/s.json",
        ),
    ),
    Parser(
        "sequence",
        "labelled",
        400,
        (("in/seq/seqinfo.ini", text), ("in/seq/gt/gt.txt", text), ("in/seq/det/det.txt", text)),
        (TRACK, f"{TRACK} --offline", "eval in/seq in/result.txt", "convert in/seq out/o.json --format coco"),
    ),
    Parser("camera motion", "labelled", 150, (("in/camera.txt", text),), (f"{TRACK} --camera-motion {{}}",)),
    Parser("regions", "labelled", 500, (("in/regions.json", tree),), (f"{TRACK} --events out/e.jsonl --regions {{}}",)),
    Parser(
        "options",
        "labelled",
        400,
        (),
        (
            f"{TRACK} --line door:160,0,160,240 --zone hall:10,10,300,10,300,200",
            f"{TRACK} --roi 0,0,300,0,300,240 --mask 0,0,20,0,20,20 --anchor centre",
            f"{TRACK} --start 0:00:01.5 --end 3 --max-frames 9 --fps 25",
            f"{TRACK} --classes 0,1 --conf 0.3 --iou 0.5 --tracker sort --detect-every 2",
            f"{TRACK} --segment 10s --quality 50 --device cpu",
            "convert in/seq out/o.json --format coco --from mot --size 320x240 --fps 30000/1001 --keyframes auto:0.95",
            "eval in/seq in/result.txt --sequences seq --json out/s.json",
            "annotate in/seq -o out/batch --format mot,coco --jobs 2 --split 10min --stall 60 --keyframes auto --quiet",
        ),
    ),
    Parser("mot.zip", "labelled", 150, (("in/mot.zip", archive(text)),), _conversions("{}")),
    Parser("cvat", "labelled", 500, (("in/cvat.xml", xml),), _conversions("{}", "out/o.xml --keyframes auto")),
    Parser("cvat.zip", "labelled", 100, (("in/cvat.zip", archive(xml)),), _conversions("{}")),
    Parser("coco", "labelled", 450, (("in/coco.json", tree),), _conversions("{}", "out/o.xml --keyframes auto")),
    Parser(
        "masks",
        "labelled",
        200,
        (("in/masks.json", tree), ("in/polygons.json", tree)),
        _conversions(
            "{}", "out/p.json --format coco-polygons", "out/p.xml --format cvat-polygons", "out/m.txt --format mots"
        ),
    ),
    Parser(
        "mots",
        "labelled",
        100,
        (("in/mots/seq/gt/gt.txt", text),),
        ("eval in/mots in/mots/seq/gt/gt.txt --json out/s.json", f"convert {{}} out/o.json --format coco {KNOWN}"),
    ),
    Parser(
        "metres",
        "labelled",
        150,
        (("in/metres.json", tree),),
        (
            f"{TRACK} --calibrate {{}} --jsonl out/j.jsonl --tracks out/t.csv",
            f"{TRACK} --calibrate {{}} --events out/e.jsonl --speed-over 1",
        ),
    ),
    Parser("sources", "labelled", 100, (("in/cameras.toml", text),), (f"--sources {{}} {QUIET}",)),
    Parser("label studio", "labelled", 400, (("in/ls.json", tree),), _conversions("{}")),
    Parser(
        "yolo",
        "labelled",
        400,
        (
            ("in/yolo/labels/*.txt", text),
            ("in/yolo/tracks/*.txt", text),
            ("in/yolo/video.json", tree),
            ("in/yolo/*.yaml", text),
            ("in/yolo/classes.txt", text),
        ),
        _conversions("in/yolo"),
    ),
    Parser("fiftyone", "labelled", 300, (("in/fiftyone/**/*.json", tree),), _conversions("in/fiftyone")),
    Parser(
        "lists",
        "batch",
        80,
        (("in/list.csv", text), ("in/list.txt", text)),
        (f"annotate in/list.csv -o out/batch {ANNOTATE}", f"annotate in/list.txt -o out/new --max-frames 2 {ANNOTATE}"),
        may_change=BATCH,
    ),
    Parser(
        "state",
        "batch",
        150,
        (
            ("out/batch/batch.sqlite", database),
            ("out/batch/*/done.json", tree),
            ("out/batch/*/summary.json", tree),
            ("out/batch/*/summary.csv", text),
        ),
        (
            f"annotate in/list.csv -o out/batch {ANNOTATE}",
            f"annotate in/a.mp4 in/b.mp4 -o out/batch --max-frames 2 {ANNOTATE}",
            "convert out/batch out/all.json --format coco",
            "convert out/batch out/all --format yolo",
            "eval in out/batch",
        ),
        may_change=BATCH,
    ),
    Parser("pieces", "pieces", 20, (("out/batch/.pieces/*/*.npz", archive(arrays)),), (PIECES,), may_change=BATCH),
    Parser(
        "training coco",
        "coco_set",
        150,
        (("in/set/annotations.json", tree), ("in/set/annotations.json", tree), ("in/set/images/*", binary)),
        (*["anchors in/set -o out/a.json --anchors 3"] * 4, "pack in/set -o out/packed"),
        "training",
    ),
    Parser(
        "training yolo",
        "yolo_set",
        150,
        (("in/set/labels/*.txt", text), ("in/set/labels/*.txt", text), ("in/set/classes.txt", text)),
        (*["anchors in/set -o out/a.json --anchors 3"] * 4, "pack in/set -o out/packed"),
        "training",
    ),
    Parser(
        "teacher",
        "coco_set",
        120,
        (("in/teacher.jsonl", json_lines), ("in/teacher.json", tree)),
        ("pack in/set -o out/packed --teacher {}",),
        "training",
    ),
    Parser(
        "crops",
        "crops",
        10,
        (("in/seq/gt/gt.txt", text), ("in/seq/seqinfo.ini", text)),
        ("embedder in/seq -o out/e.onnx --steps 1 --batch 4",),
        "training",
    ),
    Parser(
        "checkpoint",
        "trained",
        12,
        (("in/model.checkpoint", safetensors), ("in/model.metrics.csv", text)),
        (f"detector in/set -o in/model.onnx --resume in/model.checkpoint {STEP}",),
        "training",
        ("in/model.*",),
    ),
    Parser(
        "weights",
        "trained",
        12,
        (("in/model.safetensors", safetensors),),
        (f"detector in/set -o out/n.onnx --start {{}} {STEP}",),
        "training",
    ),
    Parser(
        "onnx detector",
        "networks",
        200,
        (("in/v8.onnx", network), ("in/v5.onnx", network), ("in/sliding.onnx", network)),
        (f"{MODEL} --appearance none --detector {{}}", f"{MODEL} --appearance none --tiles 2 --detector {{}}"),
    ),
    Parser(
        "onnx appearance",
        "networks",
        60,
        (("in/looks.onnx", network),),
        (f"{MODEL} --detections in/det.txt --tracker deepsort --appearance {{}}",),
    ),
    Parser(
        "video",
        "videos",
        300,
        (("in/clip.*", binary),),
        (
            f"{{}} --detections in/det.txt -o none --mot out/m.txt {NO_EYES} {QUIET}",
            f"{{}} --detections in/det.txt -o out/v.mp4 --jsonl out/j.jsonl {NO_EYES} {QUIET}",
            f"{{}} --detections in/det.txt -o out/v.mp4 --segment 1s --offline --appearance none {QUIET}",
            f"{{}} --detections in/det.txt -o none --start 0.2 --end 0.3 {NO_EYES} {QUIET}",
            f"annotate {{}} -o out/batch --detections in/det.txt --format mot,cvat --video --crops {NO_EYES} {QUIET}",
        ),
    ),
    Parser(
        "image",
        "images",
        150,
        (("in/*/1.*", picture), ("in/*/2.*", picture)),
        (
            f"{{}}/.. --detector motion -o none --mot out/m.txt {NO_EYES} {QUIET}",
            f"{{}}/.. --detector motion -o out/v.mp4 --offline {NO_EYES} {QUIET}",
        ),
    ),
    Parser(
        "address",
        "labelled",
        150,
        (),
        (
            "rtsp://me:pass@127.0.0.1:9/live/stream.sdp?key=1 --no-reconnect -o none --quiet",
            "http://127.0.0.1:9/cam/realmonitor?channel=1&subtype=0#a --no-reconnect -o none --quiet",
            "rtmp://[::1]:9/live/key --no-reconnect -o none --mot out/m.txt --quiet",
            "tcp://127.0.0.1:9/ --no-reconnect -o none --quiet",
        ),
    ),
)

"""What there is, as tables: data sets, backbones, runs, one run."""

import argparse
import json

from tl_core.commands.import_ import dataset_rows
from tl_core.commands.output import DONE, Output
from tl_core.disk.home import data_home
from tl_core.models.catalog import backbones
from tl_core.models.weights import weights_source
from tl_core.store.sqlite.store import SqliteStore


def list_datasets(options: argparse.Namespace, output: Output) -> int:
    """Prints the datasets."""
    output.rows(dataset_rows(data_home(), output), ("id", "name", "n_train", "n_validation", "n_test", "available"))
    return DONE


def list_backbones(options: argparse.Namespace, output: Output) -> int:
    """Prints the backbones with their blocks."""
    rows = []
    for info in backbones().values():
        source = weights_source(info.id, data_home())
        blocks = [{"name": block.name, "n_layers": block.n_layers, "params": block.params} for block in info.blocks]
        weights = [
            {"id": "pretrained", "source": source, "available": source != "download"},
            {"id": "random", "source": "seed", "available": True},
        ]
        rows.append(
            {
                "id": info.id,
                "family": info.family,
                "params": info.params,
                "image_size": info.image_size,
                "blocks": blocks,
                "weights": weights,
                "n_blocks": len(blocks),
                "pretrained": source,
            }
        )
    output.rows(
        rows, ("id", "family", "params", "image_size", "n_blocks", "pretrained"), hidden=("n_blocks", "pretrained")
    )
    return DONE


def list_runs(options: argparse.Namespace, output: Output) -> int:
    """Prints all runs, newest first."""
    store = SqliteStore(data_home())
    try:
        rows = [
            record.to_dict() | {name: record.spec.get(name) for name in ("dataset", "backbone", "fault")}
            for record in store.list_runs()
        ]
    finally:
        store.close()
    output.rows(
        rows,
        ("id", "role", "state", "dataset", "backbone", "fault", "test_accuracy", "created_at"),
        hidden=("dataset", "backbone", "fault"),
    )
    return DONE


def show(options: argparse.Namespace, output: Output) -> int:
    """Prints one record with its spec, environment, epochs and scores."""
    store = SqliteStore(data_home())
    try:
        record = store.get(options.id)
        epochs = [epoch.to_dict() for epoch in store.epochs(record.id)]
    finally:
        store.close()
    if output.is_json:
        output.value(record.to_dict() | {"epochs": epochs})
    else:
        output.table(
            [
                {"field": name, "value": json.dumps(value, ensure_ascii=False)}
                for name, value in record.to_dict().items()
                if name not in ("scores", "proof")
            ],
            ("field", "value"),
        )
        output.table(epochs, ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds"))
    return DONE

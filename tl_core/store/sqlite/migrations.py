"""How the tables of the database came to be, version by version."""

MIGRATIONS = (
    """
    CREATE TABLE run (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('run', 'baseline')),
        twin_id TEXT REFERENCES run (id) ON DELETE SET NULL,
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        spec TEXT NOT NULL,
        environment TEXT NOT NULL,
        created_at TEXT NOT NULL,
        started_at TEXT,
        ended_at TEXT,
        seconds REAL,
        frozen_params INTEGER,
        trainable_params INTEGER,
        is_cached INTEGER,
        best_epoch INTEGER,
        test_accuracy REAL,
        scores TEXT,
        proof TEXT,
        error TEXT,
        words TEXT NOT NULL,
        lock TEXT
    );
    CREATE INDEX run_by_state ON run (state, seq);
    CREATE INDEX run_by_twin ON run (twin_id);
    CREATE TABLE epoch (
        run_seq INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        train_loss REAL,
        train_accuracy REAL,
        val_loss REAL,
        val_accuracy REAL,
        seconds REAL NOT NULL,
        elapsed_s REAL NOT NULL,
        step INTEGER NOT NULL,
        images INTEGER NOT NULL,
        is_best INTEGER NOT NULL,
        is_partial INTEGER NOT NULL,
        PRIMARY KEY (run_seq, epoch)
    ) WITHOUT ROWID;
    CREATE TABLE trace (
        run_seq INTEGER PRIMARY KEY REFERENCES run (seq) ON DELETE CASCADE,
        points TEXT NOT NULL
    );
    CREATE TABLE timing (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    """
    ALTER TABLE run ADD COLUMN fingerprint TEXT;
    ALTER TABLE run ADD COLUMN recorded_from TEXT;
    ALTER TABLE run ADD COLUMN recorded_at TEXT;
    CREATE INDEX run_by_fingerprint ON run (fingerprint, seq);
    """,
    # before there were owners, everybody saw every run: those runs stay with the class, in the operator's name
    """
    ALTER TABLE run ADD COLUMN visibility TEXT NOT NULL DEFAULT 'private';
    ALTER TABLE run ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
    UPDATE run SET visibility = 'class', owner = 'local';
    CREATE INDEX run_by_owner ON run (owner, seq);
    CREATE TABLE owner (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT
    );
    CREATE TABLE event (
        run_seq INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
        at TEXT NOT NULL,
        state TEXT NOT NULL
    );
    CREATE INDEX event_by_run ON event (run_seq);
    CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    "ALTER TABLE epoch ADD COLUMN phase INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE run ADD COLUMN earlier TEXT",
    "ALTER TABLE owner ADD COLUMN address TEXT; ALTER TABLE owner ADD COLUMN since TEXT",
    "ALTER TABLE epoch ADD COLUMN gradient_norms TEXT",
    """
    ALTER TABLE run ADD COLUMN sweep_id TEXT;
    ALTER TABLE run ADD COLUMN trial INTEGER;
    CREATE INDEX run_by_sweep ON run (sweep_id, trial, seq);
    CREATE TABLE sweep (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        sweep TEXT NOT NULL,
        created_at TEXT NOT NULL,
        ended_at TEXT,
        error TEXT,
        visibility TEXT NOT NULL,
        lock TEXT
    );
    CREATE INDEX sweep_by_owner ON sweep (owner, seq)
    """,
    "ALTER TABLE epoch ADD COLUMN source_accuracy REAL",
    """
    CREATE TABLE progress (
        owner TEXT NOT NULL,
        lesson TEXT NOT NULL,
        data TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        PRIMARY KEY (owner, lesson)
    )
    """,
)
"""One script per version of the database; the file's `user_version` says how many it has seen. Only ever append."""

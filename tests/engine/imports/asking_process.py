"""The process of an import to which every tree can be understood in two ways."""

from tests.ingest.two_readings import two_readings
from tl_core.engine.imports.process import main
from tl_core.ingest import places

if __name__ == "__main__":
    places.readings_of = two_readings
    main()

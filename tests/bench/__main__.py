"""`make bench`: every benchmark, one after the other, as Markdown tables."""

from tests.bench import engine, retrieval

if __name__ == "__main__":
    retrieval.main()
    engine.main()

from klcli.streams import stream


def test_a_stream_depends_on_seed_purpose_and_column_alone():
    def numbers(*of):
        return stream(*of).integers(1 << 60, size=3).tolist()

    same = numbers(7, "rows", "price")
    assert numbers(7, "rows", "price") == same
    others = [numbers(8, "rows", "price"), numbers(7, "null", "price"), numbers(7, "rows", "age")]
    assert same not in others

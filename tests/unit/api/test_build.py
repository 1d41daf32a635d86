from services.api.domain.build import build_of


def test_a_page_says_which_build_it_is_of():
    assert build_of('<head><meta name="floorwatch-build" content="0a1b2c3d4e5f"><title>') == "0a1b2c3d4e5f"


def test_a_page_of_development_says_nothing():
    assert build_of("<!doctype html><html></html>") == ""
    assert build_of('<meta name="floorwatch-build" content="">') == ""

"""What a screen reader gets to say: the accessibility tree that Chromium hands to it."""

import itertools

import pytest

PAGES = [
    "/",
    "/addiction/kratom-addiction-treatment/",
    "/treatment/withdrawal-and-detox/",
    "/addiction/what-is-7-oh/",
    "/faq/",
    "/contact/",
]
LANDMARKS = {"banner", "complementary", "contentinfo", "form", "main", "navigation", "region", "search"}
MOST_LANDMARKS = 9  # more would be no shortcut


@pytest.fixture
def heard(open_page):
    """Return a function that opens a page and returns (role, name) of all that a screen reader meets, in order."""

    def heard(path, **options):
        page = open_page(path, **options)
        page.wait_for_load_state()
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        nodes = {node["nodeId"]: node for node in tree}

        def walk(node):
            if not node["ignored"]:
                yield node["role"]["value"], node.get("name", {}).get("value", "")
            for child in node.get("childIds", []):
                if child in nodes:
                    yield from walk(nodes[child])

        return list(walk(tree[0]))

    return heard


def names(heard, role):
    return [name for found, name in heard if found == role]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_landmarks_are_few_and_each_is_told_apart(heard, path, width):
    landmarks = [(role, name) for role, name in heard(path, width=width) if role in LANDMARKS]
    assert len(landmarks) <= MOST_LANDMARKS
    assert sorted(set(landmarks)) == sorted(landmarks)
    roles = [role for role, _name in landmarks]
    assert [roles.count(role) for role in ("banner", "main", "contentinfo")] == [1, 1, 1]
    assert [role for role, name in landmarks if role in ("navigation", "region") and not name] == []


@pytest.mark.parametrize("path", ["/treatment/withdrawal-and-detox/", "/contact/"])
def test_heading_of_an_emergency_says_so_first(heard, path):
    emergencies = [name for name in names(heard(path), "heading") if name.startswith("Emergency ")]
    assert len(emergencies) == 1
    assert len(emergencies[0]) > len("Emergency ")


@pytest.mark.parametrize("path", PAGES)
def test_headings_name_every_section_and_skip_no_level(open_page, heard, path):
    found = names(heard(path), "heading")
    assert "" not in found
    levels = open_page(path).locator("main :is(h1, h2, h3, h4)").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert (levels[0], levels.count(1)) == (1, 1)
    assert [pair for pair in itertools.pairwise(levels) if pair[1] > pair[0] + 1] == []


@pytest.mark.parametrize("path", PAGES)
def test_every_link_and_button_has_a_name(heard, path):
    found = heard(path)
    assert [role for role, name in found if role in ("link", "button", "DisclosureTriangle") and not name] == []


@pytest.mark.parametrize("path", ["/addiction/kratom-addiction-treatment/", "/addiction/what-is-7-oh/"])
def test_each_source_is_named_and_has_a_way_back_to_the_text(heard, path):
    links = names(heard(path), "link")
    ways_back = links.count("Back to text")
    cited = {name for name in links if name.startswith("source ")}
    assert ways_back > 5
    assert cited <= {f"source {number}" for number in range(1, ways_back + 1)}

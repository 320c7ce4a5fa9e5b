"""The products that the stores sell."""

from __future__ import annotations

_NAMES_BY_CATEGORY = {
    "Books": ("Minotaur", "Griffin", "Centaur", "Phoenix"),
    "Games": ("Chimera", "Hydra", "Sphinx", "Kraken"),
    "Mobiles": ("Pegasus", "Sylph", "Zephyr", "Pixie"),
    "Groceries": ("Satyr", "Brownie", "Faun", "Dryad"),
    "Shoes": ("Hermes", "Sleipnir", "Kelpie", "Jackalope"),
    "Stationaries": ("Quill", "Sprite", "Imp", "Gremlin"),
    "Laptops": ("Titan", "Cyclops", "Golem", "Atlas"),
    "Tablets": ("Oracle", "Banshee", "Naiad", "Nymph"),
    "Notebooks": ("Kitsune", "Tengu", "Kappa", "Tanuki"),
    "Camera": ("Argus", "Basilisk", "Gorgon", "Cockatrice"),
    "Printers": ("Dragon", "Wyvern", "Salamander", "Manticore"),
    "Monitors": ("Leviathan", "Behemoth", "Colossus", "Cerberus"),
    "Speakers": ("Siren", "Harpy", "Thunderbird", "Roc"),
    "Projectors": ("Wraith", "Phantom", "Djinn", "Will-o-Wisp"),
    "Cables": ("Naga", "Wyrm", "Lindworm", "Ouroboros"),
    "Furniture": ("Ent", "Troll", "Ogre", "Yeti"),
}

# (category, name) of every product.
PRODUCTS = tuple(
    (category, name) for category, names in _NAMES_BY_CATEGORY.items() for name in names
)

"""Names of the project's Python modules that do not exist. Python itself finds one only when the line
runs, which for a benchmark may be minutes after its start."""

import ast


def of_module(node):
    """What is below a node, without what belongs to functions and classes."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            yield from of_module(child)


def defined(tree):
    """The names that a module defines, in its own lines or by importing them."""
    names = set()
    for node in of_module(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((name.asname or name.name).split(".")[0] for name in node.names)
    return names


def missing(files):
    """Violations in `files`, the text of each by its name."""
    trees = {}
    for name, text in files.items():
        if not name.endswith(".py"):
            continue
        try:
            trees[name] = ast.parse(text)
        except SyntaxError as error:
            yield f"{name}:{error.lineno}: {error.msg}"
    modules = {}
    for name, tree in trees.items():
        module = name.rsplit("/", 1)[-1].removesuffix(".py")
        # Of two modules of one name, either may be meant.
        modules.setdefault(module, set()).update(defined(tree))
    for name, tree in trees.items():
        used = {}  # modules of the project by their names here
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                used.update({alias.asname or alias.name: alias.name for alias in node.names
                             if alias.name in modules})
            elif isinstance(node, ast.ImportFrom) and node.module in modules:
                for alias in node.names:
                    if alias.name not in modules[node.module]:
                        yield f"{name}:{node.lineno}: {node.module} has no {alias.name}"
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            module = used.get(node.value.id)
            is_given = node.attr.startswith("__")  # to every module, by Python
            if module is not None and not is_given and node.attr not in modules[module]:
                yield f"{name}:{node.lineno}: {module} has no {node.attr}"

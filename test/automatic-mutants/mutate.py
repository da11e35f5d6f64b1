"""Mutants of a Python file by the usual operators: `mutate.py FILE FOLDER [FUNCTION …]` writes each to a folder of its own
below FOLDER, which must exist, and prints a list of them. With functions, only what is inside them is changed."""
import ast
import copy
import json
import os
import sys

COMPARISONS = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


def expressions(node):
    """Replacements of one expression, each with the name of its operator."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        changed = copy.deepcopy(node)
        changed.ops = [COMPARISONS[type(node.ops[0])]()]
        yield "EqualityOperator", changed
    if isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "LogicalOperator", changed
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "BooleanLiteral", node.operand
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        changed = copy.deepcopy(node)
        changed.op = ARITHMETIC[type(node.op)]()
        yield "ArithmeticOperator", changed
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield "BooleanLiteral", ast.Constant(not value)
        elif isinstance(value, (int, float)):
            yield "NumberLiteral", ast.Constant(value + 1)
        elif isinstance(value, str):
            yield "StringLiteral", ast.Constant("" if value else "mutated")
    if isinstance(node, ast.IfExp):
        yield "ConditionalExpression", node.body
        yield "ConditionalExpression", node.orelse


def statements(node):
    """Replacements of one statement."""
    if isinstance(node, (ast.If, ast.While)):
        for value in (True, False):
            if isinstance(node, ast.While) and value:
                continue
            changed = copy.deepcopy(node)
            changed.test = ast.Constant(value)
            yield "ConditionalExpression", changed
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, (ast.Expr, ast.Assign, ast.Raise, ast.Delete)) and not is_docstring:
        yield "StatementRemoval", ast.Pass()
    if isinstance(node, ast.Return) and node.value is not None:
        yield "ReturnValue", ast.Return(ast.Constant(None))


def is_docstring_of(parent, node):
    return isinstance(parent, ast.Expr) and isinstance(node, ast.Constant)


def places(tree):
    """Every mutant as (parent, field, index, operator, replacement)."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            for index, node in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(node, ast.stmt):
                    found = statements(node)
                elif isinstance(node, ast.expr) and not is_docstring_of(parent, node):
                    found = expressions(node)
                else:
                    continue
                for operator, replacement in found:
                    yield parent, field, index, node, operator, replacement


def lines_of(tree, functions):
    """Lines inside the bodies of these functions; None without any, for all lines."""
    if not functions:
        return None
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in functions]
    return {line for node in nodes for line in range(node.lineno, node.end_lineno + 1)}


def put(parent, field, at, node):
    if isinstance(getattr(parent, field), list):
        getattr(parent, field)[at] = node
    else:
        setattr(parent, field, node)


def main():
    _, path, folder, *functions = sys.argv
    with open(path) as file:
        tree = ast.parse(file.read())
    lines = lines_of(tree, functions)
    name = os.path.basename(path)
    listed = []
    for index, (parent, field, at, node, operator, new) in enumerate(list(places(tree))):
        if lines is not None and node.lineno not in lines:
            continue
        own = os.path.join(folder, f"{name}-{index}")
        os.makedirs(own, exist_ok=True)
        put(parent, field, at, ast.fix_missing_locations(ast.copy_location(new, node)))
        with open(os.path.join(own, name), "w") as file:
            file.write(ast.unparse(tree))
        put(parent, field, at, node)
        listed.append({
            "folder": own, "line": node.lineno, "operator": operator,
            "original": ast.unparse(node), "replacement": ast.unparse(new),
        })
    print(json.dumps(listed))


main()

// What dlaasgen does to the objects of a cell after its prototype: it sees to it that they and their pod templates carry
// the cell's labels and annotations.
local given(data, field) = if std.objectHas(data, field) then data[field] else null;

local marked(data, params) =
  local metadata = if given(data, 'metadata') == null then {} else data.metadata;
  local all(field) =
    local present = given(metadata, field);
    if std.isObject(present) then { [k]: present[k] for k in std.objectFields(present) } + params[field] else params[field];
  if std.isObject(metadata) then
    { [k]: data[k] for k in std.objectFields(data) if k != 'metadata' }
    + { metadata: { [k]: metadata[k] for k in std.objectFields(metadata) if k != 'labels' && k != 'annotations' } }
    + { metadata+: { labels: all('labels'), annotations: all('annotations') } }
  else data;

local isPod(value) =
  std.isObject(value) && std.isObject(given(value, 'spec')) && std.objectHas(value.spec, 'containers');

local templates(node, params, depth) =
  if depth == 0 then node
  else if std.isArray(node) then [templates(child, params, depth - 1) for child in node]
  else if std.isObject(node) then {
    [k]: if k == 'template' && isPod(node[k]) then marked(node[k], params) else templates(node[k], params, depth - 1)
    for k in std.objectFields(node)
  }
  else node;

local one(data, params) =
  local own = marked(data, params);
  if std.objectHas(own, 'spec') then own { spec: templates(own.spec, params, 12) } else own;

{
  // What a prototype returned (an object, an array of them, or a List), with the cell's labels and annotations.
  adopted(value, params)::
    if std.isArray(value) then [one(data, params) for data in value]
    else if given(value, 'kind') == 'List' && std.isArray(given(value, 'items')) then
      [one(data, params) for data in value.items]
    else one(value, params),
}

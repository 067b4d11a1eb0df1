/** The picture of one analysis: a row of houses, drawn from the number of the call. The same number gives the same picture. */
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 640;
const GROUND = 150;
const METRES = 0.6; // per unit of height

/** Draw tile `number` into `svg` and return what was "measured". */
export function drawTile(svg, number) {
  const random = randomFrom(number);
  const houses = row(random);
  svg.replaceChildren(...houses.flatMap((house) => [rect("house", house), ...windows(house, random)]));
  return { roofs: houses.length, tallest: Math.round(Math.max(...houses.map((house) => house.height)) * METRES) };
}

function row(random) {
  const houses = [];
  for (let x = 0; x < WIDTH; x += houses.at(-1).width + 4) {
    const height = 28 + Math.round(random() ** 2 * 108);
    houses.push({ x, y: GROUND - height, width: 20 + Math.round(random() * 26), height });
  }
  return houses;
}

function windows({ x, y, width, height }, random) {
  const lit = [];
  for (let top = y + 8; top < y + height - 8; top += 12) {
    for (let left = x + 5; left < x + width - 6; left += 9) if (random() < 0.3) lit.push(rect("lit", { x: left, y: top, width: 3, height: 5 }));
  }
  return lit;
}

function rect(className, box) {
  const node = document.createElementNS(SVG, "rect");
  node.setAttribute("class", className);
  for (const [name, value] of Object.entries(box)) node.setAttribute(name, value);
  return node;
}

/** A small generator with a seed; pictures need no better one. */
function randomFrom(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

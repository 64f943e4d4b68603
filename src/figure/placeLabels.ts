/** Where the labels of points stand, so that they cover neither each other nor a point; by guessed widths, since no font is asked. */
export interface Mark {
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  /** Of the base line. */
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a letter and a line of 12 px. */
const letterWidth = 6.6;
const lineHeight = 14;
const pointRadius = 6;

/** Each label in turn beside its point: right, left, above, below, then the same further off; where all is taken, to the right. */
export function placeLabels(marks: ReadonlyArray<Mark>, within: Box): ReadonlyArray<PlacedLabel> {
  const taken: Array<Box> = marks.map(pointBox);
  return marks.map((mark, i) => {
    const free = candidates(mark).find((label) => {
      const box = labelBox(label);
      return isInside(box, within) && taken.every((other, j) => j === i || !overlap(box, other));
    });
    const label = free ?? candidates(mark)[0]!;
    taken.push(labelBox(label));
    return label;
  });
}

const candidates = ({ label: text, x, y }: Mark): ReadonlyArray<PlacedLabel> =>
  [9, 22, 36].flatMap((away) => [
    { text, x: x + 9, y: y + 4 - (away - 9), anchor: "start" as const },
    { text, x: x - 9, y: y + 4 + (away - 9), anchor: "end" as const },
    { text, x, y: y - away, anchor: "middle" as const },
    { text, x, y: y + away + 8, anchor: "middle" as const },
  ]);

const pointBox = ({ x, y }: Mark): Box => ({
  left: x - pointRadius,
  right: x + pointRadius,
  top: y - pointRadius,
  bottom: y + pointRadius,
});

function labelBox({ text, x, y, anchor }: PlacedLabel): Box {
  const width = letterWidth * [...text].length;
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { left, right: left + width, top: y - lineHeight + 3, bottom: y + 3 };
}

const isInside = (box: Box, within: Box): boolean =>
  box.left >= within.left && box.right <= within.right && box.top >= within.top && box.bottom <= within.bottom;

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

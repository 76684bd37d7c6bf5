import type { Layer } from '../model/live-window.js';

/** Colours of the tokens as a canvas needs them. */
export interface ChartColours {
  readonly surface: string;
  readonly ink: string;
  readonly muted: string;
  readonly hairline: string;
  readonly hatch: string;
  readonly amber: string;
  /** Colour of a layer's upper edge, as in the legend. */
  readonly layer: (layer: Layer) => string;
  /** Softer and opaque, for its area. */
  readonly area: (layer: Layer) => string;
}

const KIND_TOKENS = ['--series-other', '--series-idle', '--series-unobserved'];
const AREA_SHARE = '78%';

/** The custom property that colours a layer. */
export function layerToken(layer: Layer): string {
  return layer.series === undefined ? `--series-${layer.kind}` : `--series-${layer.series.slot}`;
}

/** Reads the tokens as the element's theme resolves them now. */
export function readColours(element: HTMLElement): ChartColours {
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const colours = new Map<string, string>();
  const resolve = (value: string): string => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const read = (token: string): string => resolve(`var(${token})`);
  const tokens = [...Array.from({ length: 8 }, (_, slot) => `--series-${slot}`), ...KIND_TOKENS];
  for (const token of tokens) {
    colours.set(token, read(token));
    colours.set(`${token} area`, resolve(`color-mix(in oklab, var(${token}) ${AREA_SHARE}, var(--surface))`));
  }
  const fixed = {
    surface: read('--surface'),
    ink: read('--ink'),
    muted: read('--ink-muted'),
    hairline: read('--hairline'),
    hatch: read('--hatch'),
    amber: read('--amber'),
  };
  probe.remove();
  return {
    ...fixed,
    layer: (layer) => colours.get(layerToken(layer)) ?? fixed.muted,
    area: (layer) => colours.get(`${layerToken(layer)} area`) ?? fixed.muted,
  };
}

/** Diagonal lines, as a fill. */
export function hatchPattern(
  context: CanvasRenderingContext2D,
  line: string,
  ground: string,
): CanvasPattern | string {
  const size = 7 * window.devicePixelRatio;
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(size);
  const draw = tile.getContext('2d');
  if (draw === null) return line;
  draw.fillStyle = ground;
  draw.fillRect(0, 0, size, size);
  draw.strokeStyle = line;
  draw.lineWidth = window.devicePixelRatio;
  for (const shift of [-1, 0, 1]) {
    draw.moveTo(shift * size - 1, size + 1);
    draw.lineTo((shift + 1) * size + 1, -1);
  }
  draw.stroke();
  return context.createPattern(tile, 'repeat') ?? line;
}

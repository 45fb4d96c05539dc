/**
 * Text from a file or a program as it may reach a terminal or a CI log: control
 * characters are shown, not sent. One character for one, so that columns stay:
 * Unicode's control pictures for ASCII's, U+FFFD for the others and for the marks
 * that turn the direction of text. Tabs and line feeds stay.
 */
export function printable(text: string): string {
  return text.replaceAll(steering, (sign) => {
    const code = sign.codePointAt(0) as number;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** The same for text that belongs on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll(/[\t\n]/g, " ");
}

/** The same for JSON, which stays the same JSON: the characters that `JSON.stringify` leaves are escaped. */
export function printableJson(json: string): string {
  return json.replaceAll(steering, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// Cc but tab and line feed; line and paragraph separators; the bidirectional controls (Unicode, UAX #9).
const steering = /[^\P{Cc}\t\n]|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

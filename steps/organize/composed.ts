/** Text in the one form in which it is compared: letters with their accents in one piece (NFC). */
export function composed(text: string): string {
  return text.normalize("NFC");
}

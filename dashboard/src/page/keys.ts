/** Where a key belongs to what somebody types or chooses, and is no short cut. */
export const KEY_GUARD = 'select, input, textarea, [contenteditable], dialog';

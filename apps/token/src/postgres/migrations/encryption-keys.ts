/** Keys that clients encrypt for. What uses there are is the code's to say, so that the next one needs no lock here. */
export const encryptionKeys: readonly string[] = ['ALTER TABLE keys DROP CONSTRAINT IF EXISTS keys_use_check'];

<?php
/**
 * The signature of calls in. HMAC-SHA256 over `v1`, method, path with query, time, nonce and the body's SHA-256, each on
 * a line of its own, so that none of them can be moved into another call.
 */
class ErpSync_Signature
{
    /** Seconds by which a call may be older or newer than the shop's clock. */
    const TOLERANCE = 300;

    /** @return string as the header has it */
    public static function of($secret, $method, $path, $timestamp, $nonce, $body)
    {
        $signed = implode("\n", array('v1', $method, $path, $timestamp, $nonce, hash('sha256', $body)));
        return 'v1=' . hash_hmac('sha256', $signed, self::key($secret));
    }

    /** @return string the bytes of `brsec_` + base64 */
    private static function key($secret)
    {
        $key = base64_decode(preg_replace('/^brsec_/', '', $secret), true);
        if ($key === false || strlen($key) < 16) {
            throw new ErpSync_SetupError(
                'not-installed',
                'The bridge has no secret to check calls with.',
                'Make a new secret on the setup page or with php erpsync/cli.php.'
            );
        }
        return $key;
    }

    /** In a time that tells nothing about where they differ; hash_equals() is of PHP 5.6. */
    public static function equal($expected, $given)
    {
        $difference = strlen($expected) ^ strlen($given);
        for ($i = 0; $i < strlen($given) && $i < strlen($expected); $i++) {
            $difference |= ord($expected[$i]) ^ ord($given[$i]);
        }
        return $difference === 0;
    }
}

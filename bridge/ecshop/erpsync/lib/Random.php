<?php
/** Randomness fit for secrets, from whatever this PHP has. */
class ErpSync_Random
{
    /**
     * @param int $count
     * @return string raw bytes
     * @throws ErpSync_SetupError if there is no strong source
     */
    public static function bytes($count)
    {
        if (function_exists('random_bytes')) {
            return random_bytes($count);
        }
        if (function_exists('openssl_random_pseudo_bytes')) {
            $strong = false;
            $bytes = openssl_random_pseudo_bytes($count, $strong);
            if ($strong && strlen((string) $bytes) === $count) {
                return $bytes;
            }
        }
        $source = @fopen('/dev/urandom', 'rb');
        if ($source !== false) {
            $bytes = '';
            while (strlen($bytes) < $count && !feof($source)) {
                $bytes .= (string) fread($source, $count - strlen($bytes));
            }
            fclose($source);
            if (strlen($bytes) === $count) {
                return $bytes;
            }
        }
        throw new ErpSync_SetupError(
            'no-randomness',
            'This PHP has no strong source of randomness.',
            'Switch on the extension openssl, or let PHP read /dev/urandom (open_basedir).'
        );
    }

    /** A waiting time, scattered by a fifth so that many shops do not come back at once. @return int seconds */
    public static function scatter($seconds)
    {
        return max(1, (int) round($seconds * mt_rand(800, 1200) / 1000));
    }
}

<?php
/** Text of a call as ECShop's columns and pages take it. */
class ErpSync_StoredText
{
    /**
     * For columns that ECShop prints as they are: encoded once, as it encodes what customers type, and cut to the column
     * between characters.
     * @param int $length of the column, in characters
     */
    public static function encoded(ErpSync_Db $db, $text, $length)
    {
        $plain = self::plain($db, preg_replace('/\s+/', ' ', trim($text)));
        $fitting = '';
        preg_match_all('/./us', $plain, $characters);
        $used = 0;
        foreach ($characters[0] as $character) {
            $encoded = htmlspecialchars($character, ENT_QUOTES, 'UTF-8');
            $used += $encoded === $character ? 1 : strlen($encoded);
            if ($used > $length) {
                break;
            }
            $fitting .= $encoded;
        }
        return $fitting;
    }

    /**
     * Valid and without control characters but line ends. Characters of four bytes are replaced where the server could not
     * convert them to its columns' charset and would cut the text off there; elsewhere the server replaces what it cannot hold.
     */
    public static function plain(ErpSync_Db $db, $text)
    {
        $clean = preg_replace('/[\x00-\x08\x0B-\x1F\x7F]/', '', str_replace("\r\n", "\n", ErpSync_Text::valid($text)));
        return $db->fourByte ? $clean : preg_replace('/[\x{10000}-\x{10FFFF}]/u', "\xEF\xBF\xBD", $clean);
    }
}

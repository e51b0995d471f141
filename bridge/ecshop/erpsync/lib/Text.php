<?php
/** Text of the shop as the contract wants it: valid UTF-8, HTML entities decoded exactly once. */
class ErpSync_Text
{
    /** @param string|null $stored as the database hands it out over a UTF-8 connection */
    public static function clean($stored)
    {
        // PHP 5.3 makes halves of surrogate pairs out of &#xD800; and the like.
        return self::valid(html_entity_decode(self::valid((string) $stored), ENT_QUOTES, 'UTF-8'));
    }

    /** Bytes that are no UTF-8 become U+FFFD: a name that is spoilt in the shop must not stop its order. */
    public static function valid($text)
    {
        if (preg_match('//u', $text)) {
            return $text;
        }
        $pattern = '/[\x00-\x7F]|[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}'
            . '|\xED[\x80-\x9F][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2}'
            . '|(.)/s';
        return preg_replace_callback($pattern, array('ErpSync_Text', 'replacement'), $text);
    }

    /** @internal */
    public static function replacement($match)
    {
        return isset($match[1]) ? "\xEF\xBF\xBD" : $match[0];
    }

    public static function isValid($text)
    {
        return preg_match('//u', $text) === 1;
    }
}

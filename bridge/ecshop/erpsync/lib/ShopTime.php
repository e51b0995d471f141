<?php
/**
 * What the integers in ECShop's `*_time` columns mean. Up to 2.8 gmtime() is time() - date('Z'), so a stored value is the
 * true epoch less the zone's offset; from 3.0 on it is the true epoch. Which of them holds is measured, by calling the
 * shop's own gmtime() (includes/lib_time.php).
 */
class ErpSync_ShopTime
{
    /** @var DateTimeZone */
    private $zone;
    /** @var bool whether stored values are shifted by the zone's offset */
    private $shifted;
    /** @var int stored values below this were shifted although newer ones are not; 0 = no such cut */
    private $plainSince;

    public function __construct($zone, $shifted, $plainSince)
    {
        $this->zone = new DateTimeZone($zone);
        $this->shifted = $shifted;
        $this->plainSince = $plainSince;
    }

    /** @return ErpSync_ShopTime of the shop in $config */
    public static function measure(ErpSync_ShopConfig $config, $plainSince)
    {
        if ($config->timeZone !== '') {
            date_default_timezone_set($config->timeZone);
        }
        $zone = date_default_timezone_get();
        if (!function_exists('gmtime')) {
            if (!defined('IN_ECS')) {
                define('IN_ECS', true);
            }
            $file = $config->root . '/includes/lib_time.php';
            if (is_file($file)) {
                include_once $file;
            }
        }
        // A second may pass between the two calls.
        $shifted = function_exists('gmtime') ? abs(gmtime() - time()) > 60 : true;
        return new self($zone, $shifted, $plainSince);
    }

    /** @return int seconds to add to a value stored now */
    public function offset()
    {
        return $this->shifted ? $this->offsetAt(time()) : 0;
    }

    /** @return int what gmtime() would be at a true epoch */
    public function toRaw($epoch)
    {
        return $this->shifted ? $epoch - $this->offsetAt($epoch) : $epoch;
    }

    /** @return int true epoch of a stored value */
    public function toEpoch($raw)
    {
        if (!$this->shifted && $raw >= $this->plainSince) {
            return $raw;
        }
        // The offset is that of the instant itself, which a zone with summer time makes a second guess.
        return $raw + $this->offsetAt($raw + $this->offsetAt($raw));
    }

    /** @return string|null ISO-8601 in UTC; null for 0, which means never */
    public function instant($raw)
    {
        return (int) $raw === 0 ? null : self::iso($this->toEpoch((int) $raw));
    }

    public static function iso($epoch)
    {
        return gmdate('Y-m-d\TH:i:s\Z', $epoch);
    }

    private function offsetAt($epoch)
    {
        $at = new DateTime('@' . $epoch);
        return $this->zone->getOffset($at);
    }
}

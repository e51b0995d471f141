<?php
/** When the shop reduces its stock, by its own settings. */
class ErpSync_StockMode
{
    const PLACEMENT = 'placement';
    const SHIPMENT = 'shipment';
    const NONE = 'none';

    /** @return string one of the constants, read from the database: ECShop's own copy is a cache file */
    public static function of(ErpSync_Db $db)
    {
        $settings = array('use_storage' => '1', 'stock_dec_time' => '0');
        $rows = $db->rows('SELECT code, value FROM {shop_config} WHERE code IN (?)', array(array_keys($settings)));
        foreach ($rows as $row) {
            $settings[$row['code']] = $row['value'];
        }
        if ($settings['use_storage'] !== '1') {
            return self::NONE;
        }
        return $settings['stock_dec_time'] === '1' ? self::PLACEMENT : self::SHIPMENT;
    }
}

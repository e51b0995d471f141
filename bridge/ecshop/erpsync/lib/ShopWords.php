<?php
/** What write-backs leave in the shop for its people to read, in the shop's language (shop_config `lang`). */
class ErpSync_ShopWords
{
    private static $chinese = array(
        'shipped' => '发货单 %s 已由 ERP 发货 %s',
        'points' => '订单 %s 全部发货，赠送积分',
        'cancelled' => '订单由 ERP 取消：%s',
        'refund' => '订单 %s 取消，已付款退回余额',
        'surplus' => '订单 %s 取消，退回所用余额',
        'integral' => '订单 %s 取消，退回所用积分',
    );

    private static $english = array(
        'shipped' => 'Delivery note %s shipped by the ERP %s',
        'points' => 'Points for order %s, now shipped',
        'cancelled' => 'Order cancelled by the ERP: %s',
        'refund' => 'Order %s cancelled: payment returned to the balance',
        'surplus' => 'Order %s cancelled: balance used is returned',
        'integral' => 'Order %s cancelled: points used are returned',
    );

    /** @var array */
    private $words;

    public function __construct(ErpSync_Db $db)
    {
        $language = (string) $db->value('SELECT value FROM {shop_config} WHERE code = ?', array('lang'));
        $this->words = strpos($language, 'en') === 0 ? self::$english : self::$chinese;
    }

    public function say($name, array $values)
    {
        return vsprintf($this->words[$name], $values);
    }
}

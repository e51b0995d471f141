<?php
/**
 * Which ECShop this is, by what it says of itself. Read, not included: the file with the constant is another in each
 * generation, and may define what is there already.
 */
class ErpSync_ShopVersion
{
    /** @return string e.g. 2.8.0; '' if the shop says nowhere which it is */
    public static function of(ErpSync_App $app)
    {
        foreach (array('inc_constant.php', 'cls_ecshop.php') as $name) {
            $file = $app->config->root . '/includes/' . $name;
            $source = is_file($file) ? (string) file_get_contents($file) : '';
            if (preg_match('/define\(\s*[\'"]VERSION[\'"]\s*,\s*[\'"]v?([0-9A-Za-z._ -]{1,30})[\'"]/', $source, $found)) {
                return $found[1];
            }
        }
        $kept = $app->db->value("SELECT value FROM {shop_config} WHERE code = 'ecs_version'");
        return ltrim(ErpSync_Text::clean($kept), 'v');
    }
}
